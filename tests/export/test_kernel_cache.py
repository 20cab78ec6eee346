"""Compiled code is kept where it stays valid: stale code would be heard as an old version's faults."""

# pyright: reportAttributeAccessIssue=false
# numba sets its settings as attributes at run time.
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from latentone.export.runtime import kernel_cache
from latentone.export.runtime.fused import kernel
from numba.core import config


def test_the_folder_is_named_after_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "")
    kernel_cache.use_kernel_cache()
    assert config.CACHE_DIR.endswith(kernel_cache.source_digest())
    monkeypatch.setattr(kernel_cache, "source_digest", lambda: "changed")
    monkeypatch.setattr(config, "CACHE_DIR", "")
    kernel_cache.use_kernel_cache()
    assert config.CACHE_DIR.endswith("changed")


def test_versions_long_unused_make_room_and_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "")
    kernel_cache.use_kernel_cache()
    mine = Path(config.CACHE_DIR)
    old, recent = mine.with_name("old"), mine.with_name("recent")
    now = time.time()
    for folder, unused_s in ((old, 2), (recent, 0.5), (mine, 2)):
        folder.mkdir(exist_ok=True)
        (folder / "compiled").touch()
        os.utime(folder, (now, now - unused_s * kernel_cache.KEPT_UNUSED_S))
    monkeypatch.setattr(config, "CACHE_DIR", "")
    kernel_cache.use_kernel_cache()
    assert (old.exists(), recent.exists(), mine.exists()) == (False, True, True)


def test_a_folder_that_the_user_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "/elsewhere")
    kernel_cache.use_kernel_cache()
    assert config.CACHE_DIR == "/elsewhere"


def test_what_the_tests_play_is_of_this_source() -> None:
    """However they are started: beside its own file, the kernel would stay as it was when only what it calls is changed."""
    assert str(kernel.play.stats.cache_path).startswith(os.environ["NUMBA_CACHE_DIR"])
