"""The cache of compiled code: a stale kernel is never loaded, and no cache is no error."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from skreg.compiler import jit, pipelines

FIT = """
import numpy as np
from skreg.engine.compiled import entry_points
draws = entry_points.draws("float32")
values = np.zeros(3, np.float32)
draws.add_normal(np.uint64(1), 1.0, values)
print(draws.add_normal.stats.cache_hits and sum(draws.add_normal.stats.cache_hits.values()), values)
"""


def run(cache_dir, code=FIT, check=True, **env):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache_dir), **env}
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=check,
    )


def test_the_second_process_loads_what_the_first_compiled(tmp_path):
    first, second = run(tmp_path).stdout, run(tmp_path).stdout
    hits, values = second.split(maxsplit=1)
    assert hits == "1"
    assert values == first.split(maxsplit=1)[1]


def test_an_edit_of_any_compiled_source_compiles_anew(tmp_path):
    run(tmp_path)
    edit = "from skreg.compiler import jit\njit.source_digest = lambda: 1\nfrom skreg.engine"
    edited = FIT.replace("from skreg.engine", edit)
    assert run(tmp_path, edited).stdout.split()[0] != "1"


def test_a_cache_that_names_what_is_no_longer_there_is_made_anew(tmp_path):
    values = run(tmp_path).stdout.split(maxsplit=1)[1]
    for index in tmp_path.rglob("*.nbi"):
        with index.open("rb") as file:
            version = pickle.dumps(pickle.load(file))
        index.write_bytes(version + b"cskreg.compiler.jit\nRenamed\n.")
    assert run(tmp_path).stdout.split(maxsplit=1)[1] == values
    assert run(tmp_path).stdout.split(maxsplit=1) == ["1", values]


def test_the_digest_covers_every_file_with_compiled_code():
    import skreg.engine.compiled.entry_points  # noqa: F401

    package = Path(jit.__file__).parent.parent
    marked = {
        str(path)
        for path in package.rglob("*.py")
        if any(line.startswith("@jit") for line in path.read_text().splitlines())
    }
    assert marked
    assert marked <= jit._compiled_files


def test_without_a_place_for_the_cache_it_says_so_and_works(monkeypatch):
    original = numba.njit

    def njit(*args, cache=False, **kwargs):
        if cache:
            raise RuntimeError("cannot cache function: no locator available for file")
        return original(*args, **kwargs)

    monkeypatch.setattr(jit.numba, "njit", njit)
    with pytest.warns(RuntimeWarning, match="no writable folder.*NUMBA_CACHE_DIR"):
        square = jit.entry_point(lambda digest: lambda x: x * x, 1.0)
    assert square(3.0) == 9.0
    with pytest.raises(TypeError):
        square("3")


ALLOCATIONS = """
from numba.core.runtime import rtsys
from skreg import MLPRegressor
from skreg.augmentation import SignalAugment, TabularAugment
from tests._data import targets
from tests.engine.test_engines import ALL_NOISE
X, y = targets("regression")
net = MLPRegressor(max_iter=20, batch_size=30, early_stopping=True, averaging="ema", sam_rho=0.1,
                   l1=0.01, clip_grad_norm=1.0, max_norm=2.0, normalization="batch", residual=True,
                   hidden_layer_sizes=(9, 9), drop_path=0.2, **{**ALL_NOISE, "dropout": 0.2})
net.set_params(cutmix_alpha=1.0)
for augment in SignalAugment(0.3, 0.2, 0.1), TabularAugment(0.3, 0.1):
    net.set_params(augment=augment).fit(X, y)
    before = rtsys.get_allocation_stats()
    net.fit(X, y)
    print(before == rtsys.get_allocation_stats())
"""


def test_compiled_code_allocates_nothing():
    # it counts no references, so what it allocated would stay
    env = {**os.environ, "NUMBA_NRT_STATS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", ALLOCATIONS], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\nTrue\n", done.stderr


TAIL = np.arange(5.0)


@jit.jit
def _tail(values, start):
    return values[start:].reshape(-1, 1)


@jit.jit
def _sum_of_tail(values, start):
    total = 0.0
    for r in range(values.size - start):
        total += _tail(values, start)[r, 0]
    return total


def _compiled_tail():
    return jit.entry_point(lambda digest: lambda v, i: _sum_of_tail(v, i) + 0 * digest, TAIL, 1)


def test_building_blocks_hand_views_up_and_keep_no_references():
    before = sys.getrefcount(TAIL)
    assert _compiled_tail()(TAIL, 3) == 7.0
    assert sys.getrefcount(TAIL) == before


def test_this_numbas_lowering_is_replaced():
    entry = numba.njit(pipeline_class=pipelines.EntryPointCompiler)(lambda v, i: _sum_of_tail(v, i))
    assert entry(TAIL, 3) == 7.0
    for function, name in ((entry, "entry_point"), (_sum_of_tail, "block")):
        passes = function.get_metadata(function.signatures[0])["pipeline_times"]["nopython"]
        assert [step.partition("_")[2] for step in passes if "lower" in step] == [
            f"skreg_lower_{name}"
        ]


TELL_TAIL = """
from tests.engine.test_compilation import TAIL, _compiled_tail
tail = _compiled_tail()
print(tail(TAIL, 3), sum(tail.stats.cache_hits.values()))
"""
OTHER_INTERNALS = {
    "gone": "import numba.core.codegen as m; del m.JITCodeLibrary",
    "another pass": """import numba.core.typed_passes as m
m.NativeLowering = type("Lowering", (m.NativeLowering,), {})""",
    "another attribute": """import numba.core.codegen as m
module = property(lambda self: self._module, lambda self, module: None)
m.JITCodeLibrary = type("Library", (m.JITCodeLibrary,), {"_final_module": module})""",
}


@pytest.mark.parametrize("change", OTHER_INTERNALS.values(), ids=OTHER_INTERNALS)
def test_a_numba_with_other_internals_compiles_the_same_after_a_warning(change, tmp_path):
    done = run(tmp_path, f"{change}\n{TELL_TAIL}")
    assert done.stderr.count("RuntimeWarning: numba ") == 1
    assert "other internals than skreg knows" in done.stderr
    assert done.stdout == "7.0 0\n"
    again = run(tmp_path, f"{change}\n{TELL_TAIL}")  # loading needs no internals
    assert (again.stdout, again.stderr) == ("7.0 1\n", "")
