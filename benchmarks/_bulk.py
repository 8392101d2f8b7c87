"""Millions of rows of the app's tables within minutes, by set-based SQL. PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def insert(model: Any, rows: str, /, **given: str) -> None:
    """Rows of ``model`` made of a query: ``rows`` is what follows FROM, ``given`` the SQL of some
    columns, by the field's name. All others are what a new object has."""
    from django.db import connection

    values = {field: _blank(model, field) for field in model._meta.concrete_fields}
    values |= {model._meta.get_field(name): sql for name, sql in given.items()}
    shown = {connection.ops.quote_name(field.column): sql for field, sql in values.items() if sql}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(shown)})"  # noqa: S608 (no input)
            f" SELECT {', '.join(shown.values())} FROM {rows}"
        )


def _blank(model: Any, field: Any) -> str:
    """What a new object has in ``field``, as SQL; "" leaves it to the database."""
    from django.db import connection, models

    if field.primary_key:
        return ""
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    value = field.get_db_prep_save(field.get_default(), connection)
    if value is None:
        return ""
    if isinstance(field, models.JSONField):
        return f"'{value.dumps(value.obj)}'" if hasattr(value, "obj") else f"'{value}'"
    return str(value) if isinstance(value, bool | int) else f"'{value}'"


@contextmanager
def loading(*tables: Any) -> Iterator[None]:
    """Without checks of foreign keys, and without the indexes of these models' tables, which are
    made again when all rows are there."""
    from django.db import connection

    names = [model._meta.db_table for model in tables]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS"
            " (SELECT FROM pg_constraint WHERE conname = indexname)",
            [names],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
