import os
import signal

import pytest

from canigatti.training.shutdown import GracefulShutdown

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (signal.SIGINT, "SIGINT: stopping after this epoch, whose checkpoint is kept; press Ctrl-C again"),
        (signal.SIGTERM, "SIGTERM: stopping after this epoch, whose checkpoint is kept; send SIGINT"),
    ],
)
def test_a_signal_is_recorded_and_exits_the_process_on_request(capfd, number, message):
    with GracefulShutdown() as shutdown:
        shutdown.exit_if_requested()
        os.kill(os.getpid(), number)
        assert capfd.readouterr().out == f"{message} to stop immediately\n"
        with pytest.raises(SystemExit) as exit_info:
            shutdown.exit_if_requested()
    assert exit_info.value.code == 128 + number


@pytest.mark.parametrize(
    ("number", "handlers"),
    [(signal.SIGINT, [signal.SIG_DFL, signal.SIG_DFL]), (signal.SIGTERM, [signal.SIG_DFL, signal.SIG_IGN])],
)
def test_a_second_signal_stops_the_process_immediately_unless_slurm_may_have_sent_both(number, handlers):
    """Slurm sends SIGTERM to each process of a job, and again through `srun`."""
    with GracefulShutdown():
        os.kill(os.getpid(), number)
        assert [signal.getsignal(handled) for handled in SIGNALS] == handlers


def test_the_previous_handlers_are_restored_even_after_an_exception():
    """A search continues after a failed trial, and Ctrl-C must stop it then."""
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ValueError, match="no network"), GracefulShutdown():
        raise ValueError("no network")
    assert [signal.getsignal(number) for number in SIGNALS] == before
