"""What skreg promises not to do: the network, evaluating code, unpickling."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skreg

SOURCES = sorted(Path(skreg.__file__).parent.rglob("*.py"))
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "system", "popen"}
FORBIDDEN_OF = {
    "pickle": {"load", "loads", "Unpickler"},
    "cloudpickle": {"load", "loads"},
    "joblib": {"load"},
    "torch": {"load"},
    "marshal": {"load", "loads"},
    "np": {"load"},
}
FORBIDDEN_IMPORTS = {"socket", "urllib", "http", "requests", "ftplib", "marshal", "shelve", "dill"}


def offences(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_IMPORTS)
        if isinstance(node, ast.ImportFrom):
            module = node.module.split(".")[0]
            if module in FORBIDDEN_IMPORTS:
                yield node.module
            loads = FORBIDDEN_OF.get(module, ())
            yield from (f"{module}.{a.name}" for a in node.names if a.name in loads)
        if isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS:
                yield function.id
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                owner, name = function.value.id, function.attr
                if name in FORBIDDEN_OF.get(owner, ()) or (owner == "os" and name == "system"):
                    yield f"{owner}.{name}"


@pytest.mark.parametrize(
    "code",
    [
        *("eval('1')", "import pickle; pickle.loads(b'')", "from pickle import loads"),
        *("import urllib.request", "from socket import socket", "torch.load('x')"),
        *("import os; os.system('x')", "def f():\n    exec('1')", "np.load('x')"),
    ],
)
def test_the_walk_finds_what_it_looks_for(code):
    assert list(offences(ast.parse(code)))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_evaluation_no_unpickling_no_network_in_the_source(path):
    assert not list(offences(ast.parse(path.read_text())))


def test_importing_fitting_and_saving_touch_no_network(tmp_path):
    code = f"""
import sys

def refuse(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        raise AssertionError(f"network: {{event}} {{args}}")
    if event == "socket.__new__" and int(args[1]) != 1:  # 1: a Unix socket, within the machine
        raise AssertionError(f"network: {{event}} {{args}}")

sys.addaudithook(refuse)
import numpy as np
import skreg

X = np.random.RandomState(0).normal(size=(40, 3))
quick = {{"max_iter": 2, "n_iter_no_change": 2}}
for engine in ("compiled", "torch"):
    net = skreg.MLPRegressor(engine=engine, **quick).fit(X, X[:, 0])
    net.net_, net.predict(X)
    skreg.MLPClassifier(engine=engine, **quick).fit(X, X[:, 0] > 0).predict_proba(X)
skreg.BaggingRegressor(net, 3).fit(X, X[:, 0]).predict(X)
skreg.save(net, {str(tmp_path / "net")!r})
skreg.load({str(tmp_path / "net")!r})
import socket
try:
    socket.create_connection(("127.0.0.1", 9), timeout=1)
except AssertionError:
    print("watched")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "watched\n"
