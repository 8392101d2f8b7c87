"""How long until the last of 500 pages knows who won? Ours beside a bare Channels consumer.

    python -m benchmarks.fan_out [--sockets 500] [--rounds 12]

A claim is committed; the time runs from the commit until the last of the sockets has read
`lead.taken`. The reference is an AsyncWebsocketConsumer as its documentation has it, which sends
the same text to as many sockets on the same server, from the moment that `group_send` is called, in
the same way as our publishing calls it. The two take turns, round by round. Sockets of the other
kind are open meanwhile, and idle.

Throw-away PostgreSQL and Redis, Redis pub/sub layer, one uvicorn process, and all clients in one
process, whose share of the time is in both figures: on two cores it is the larger one.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.services import PostgreSQL, Redis, free_port, wait_for_port


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--sockets", type=int, default=500)
    arguments.add_argument("--rounds", type=int, default=12)
    wanted = arguments.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fan-out-")))
        folder.chmod(0o755)  # PostgreSQL's user must reach its own folder in there
        postgresql, redis = PostgreSQL(folder, free_port()), Redis(folder, free_port())
        for server in (postgresql, redis):
            server.start()
            stack.callback(server.stop)
        port = free_port()
        environment = {
            **os.environ,
            "DEBUG": "1",
            "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{postgresql.port}/postgres",
            "REDIS_URL": redis.url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
        site = [sys.executable, "-m", "uvicorn", "benchmarks._fan_out_site:application"]
        with (folder / "site.log").open("wb") as log:
            web = subprocess.Popen(
                [*site, "--port", str(port), "--log-level", "warning"],
                env=environment,
                stdout=log,
                stderr=log,
            )
            stack.callback(web.wait)
            stack.callback(web.terminate)
            assert wait_for_port(port, while_runs=web), (folder / "site.log").read_text()
            clients = ["-m", "benchmarks._fan_out_clients", str(port)]
            run([sys.executable, *clients, str(wanted.sockets), str(wanted.rounds)], environment)


def run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
