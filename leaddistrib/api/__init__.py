"""The REST API under ``/leads/api/v1/``: parses, authorises, calls lifecycle or queries, answers.

Nothing here is taken from the host's global ``REST_FRAMEWORK`` settings: the API behaves in the
same way in every project.
"""
