"""The command line: `groundswell`, or `python -m app`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from app.cli.adopting import adopt_running
from app.cli.bench import bench
from app.cli.completion import completion
from app.cli.consume import consume
from app.cli.dead_letters import dead_letters
from app.cli.dev import dev
from app.cli.dimensions import dimensions
from app.cli.doctor import doctor
from app.cli.erase import erasing
from app.cli.export import export
from app.cli.import_ import importing
from app.cli.items import catalogue
from app.cli.keys import api_keys
from app.cli.labels import labels
from app.cli.migrate import migrate
from app.cli.plan import plan
from app.cli.publish import publish
from app.cli.rankings import rankings
from app.cli.replay import replay
from app.cli.rules import rules
from app.cli.serve import serve
from app.cli.stats import stats
from app.cli.status import status
from app.cli.tuning import apply, preview, settings
from app.cli.worker import worker
from app.errors import GroundswellError, SettingError
from app.runtime.addresses import redacted


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="groundswell")
@click.pass_context
def cli(context: click.Context) -> None:
    """Engagement analytics and trending on TimescaleDB.

    DATABASE_URL and REDIS_URL name the servers, or else those of a `make run` of this folder are
    taken; GROUNDSWELL_ variables tune the rest.
    """
    adopt_running(context.invoked_subcommand)


for command in (
    dev,
    serve,
    worker,
    consume,
    publish,
    migrate,
    replay,
    importing,
    dead_letters,
    api_keys,
    catalogue,
    labels,
    dimensions,
    erasing,
    export,
    rankings,
    rules,
    stats,
    status,
    doctor,
    bench,
    plan,
    completion,
):
    cli.add_command(command)
for command in (settings, preview, apply):
    rankings.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what goes wrong is told in one line, with exit code 1.

    A setting that cannot be used ends it with 2, as a wrong option does.
    """
    try:
        # What a command exits with is returned here: click.exceptions.Exit.
        sys.exit(cli.main(args=arguments, prog_name="groundswell", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except GroundswellError as error:
        click.echo(f"groundswell: {redacted(error.detail)}", err=True)
        sys.exit(2 if isinstance(error, SettingError) else 1)
