"""Run a notebook with papermill on a kernel that was started before, and say in one sentence what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook
from papermill.log import logger

from orc_lab.review.kernel import NAME

ENGINE = "orc"
START_SECONDS = 60
CELL_SECONDS = 600
_WHY = 300  # characters of a cell's error that a sentence can hold; the notebook has it all


class Broken(Exception):
    """A notebook stopped before its end; the text says why."""


class _Engine(NBClientEngine):  # type: ignore[misc]
    """papermill's own engine, on a kernel that runs already."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, kernel: AsyncKernelManager, cell_seconds: int, output: Path, **_: Any
    ) -> None:
        client = PapermillNotebookClient(
            nb_man,
            km=kernel,
            kernel_name=kernel_name,
            log=logger,
            startup_timeout=START_SECONDS,
            timeout=cell_seconds,
            shutdown_kernel="immediate",  # a review leaves nothing open that a kernel would have to finish
        )
        client.owns_km = True
        try:
            client.execute()
        except BaseException:
            nb_man.output_path = str(output)  # papermill saves the notebook as far as it ran when this is set
            raise


papermill_engines.register(ENGINE, _Engine)


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, object],
    kernel: AsyncKernelManager,
    *,
    cell_seconds: int = CELL_SECONDS,
) -> NotebookNode:
    """Return the executed notebook, which `output` keeps as far as it ran; raises Broken.

    A kernel that dies is noticed within a second or so, one that never answers after START_SECONDS.
    """
    try:
        executed: NotebookNode = execute_notebook(
            str(notebook),
            str(output),
            dict(parameters),
            engine_name=ENGINE,
            kernel_name=NAME,
            progress_bar=False,
            request_save_on_cell_execute=False,  # twice a cell, and each time longer: half of the whole time
            kernel=kernel,
            cell_seconds=cell_seconds,
            output=output,
        )
        return executed
    except PapermillExecutionError as error:
        why = " ".join(error.evalue.split())
        raise Broken(f"cell {error.exec_count} raised {error.ename}: {why[:_WHY]}".rstrip(": .")) from error
    except DeadKernelError:
        raise Broken("its kernel died, perhaps for want of memory") from None
    except CellTimeoutError:
        raise Broken(f"a cell took longer than {cell_seconds} s") from None
    except (RuntimeError, TimeoutError) as error:
        raise Broken(f"its kernel did not start ({error})") from error
