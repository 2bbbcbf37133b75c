import os
import signal

import pytest

from canigatti.training.shutdown import Interruption


def test_a_signal_is_noted_and_ends_the_process_when_it_suits(capfd):
    with Interruption() as asked:
        asked.end_if_asked()
        os.kill(os.getpid(), signal.SIGTERM)
        assert "SIGTERM: ends after this epoch" in capfd.readouterr().out
        with pytest.raises(SystemExit) as ended:
            asked.end_if_asked()
    assert ended.value.code == 143


def test_signals_do_again_what_they_did_also_after_a_block_that_fails():
    """A search goes on after a trial that fails, and must not go on after Ctrl-C."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError, match="no network"), Interruption():
        raise ValueError("no network")
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
