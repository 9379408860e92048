"""Files of machine code: what the index names is what was asked for, whoever else writes."""

import pytest
from numba.core.caching import IndexDataCacheFile

from montecarlo.kernel_files import keep_apart


@pytest.fixture
def process(tmp_path):
    """Return one process's view of the cache of one kernel, under the stamp of its source."""

    def view(stamp, base="file.kernel-1.py311"):
        cache_file = IndexDataCacheFile(str(tmp_path), base, "as when it was imported")
        keep_apart(cache_file)
        cache_file._source_stamp = stamp
        return cache_file

    return view


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def test_what_was_saved_is_loaded(process):
    process("now").save("doubles", b"64")
    process("now").save("floats", b"32")

    assert process("now").load("doubles") == b"64"
    assert process("now").load("floats") == b"32"


def test_two_that_write_at_once_never_swap_signatures(process):
    first, second = process("now"), process("now")
    # Both read the index before either has written it.
    for cache_file in (first, second):
        cache_file._load_index = dict
    write = first._save_data

    def late(name, machine_code):
        second.save("floats", b"32")
        write(name, machine_code)

    first._save_data = late
    first.save("doubles", b"64")

    assert process("now").load("floats") == b"32"
    assert process("now").load("doubles") is None


def test_an_index_ahead_of_its_file_leads_to_no_older_version(process):
    process("before").save("doubles", b"old")
    broken_off = process("now")

    def full(name, machine_code):
        raise OSError(28, "no space")

    broken_off._save_data = full
    with pytest.raises(OSError, match="no space"):
        broken_off.save("doubles", b"new")

    assert process("now").load("doubles") is None


def test_older_versions_are_removed_and_other_kernels_are_not(process, tmp_path):
    process("now", "file.kernel-10.py311").save("doubles", b"other")
    process("before").save("doubles", b"old")
    process("now").save("doubles", b"new")
    process("now").save("floats", b"32")

    assert len([name for name in names(tmp_path) if name.startswith("file.kernel-1.")]) == 3
    assert process("now").load("doubles") == b"new"
    assert process("now", "file.kernel-10.py311").load("doubles") == b"other"


def test_an_index_of_another_make_is_left_alone():
    keep_apart(None)
    keep_apart(object())
