"""What a policy's numbers would have made of the last 30 days, before anybody saves them.

Nothing is written. What the engine's own gates and placement say is asked again, one event after
the other. What others would have done with a lead that is refused here is nobody's to know: it is
not followed.
"""
