"""The command that writes the page of a study at any time."""

from typing import Annotated

import typer


def page(
    study: Annotated[
        str,
        typer.Argument(metavar="STUDY", help="The configuration file, the folder results/NAME, or the study's name."),
    ],
    watch: Annotated[
        bool, typer.Option("--watch", help="Serve the page on this machine alone, and refresh it until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of --watch; 0 for any that is free.")] = 8010,
    seconds: Annotated[int, typer.Option(min=5, help="Seconds between two refreshes of --watch.")] = 30,
) -> None:
    """Write results/NAME/live/index.html, the page of a study from what is there.

    Also while Snakemake runs, or after it failed: finished experiments are complete, and the state of the others is
    shown with the time left, or why they failed.
    """
    import time

    from canigatti.live.page import page_path, write_page
    from canigatti.live.serving import PageServer
    from canigatti.live.study import find_study

    live = find_study(study)
    if not watch:
        started = time.perf_counter()
        written = write_page(live)
        print(written.summary)
        print(f"{page_path(live)} is written, in {time.perf_counter() - started:.1f} s.", flush=True)
        return
    server = PageServer(lambda: write_page(find_study(study)).html, port, seconds)
    print(f"The page of {live.study.study} is at {server.address} on this machine until you press Ctrl-C.", flush=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        print()
