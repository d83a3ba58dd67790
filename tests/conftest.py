"""Rules of the whole suite: sockets, skips, and how hard Hypothesis tries.

- `unit/` and `architecture/` run with sockets closed; the rest may use loopback only;
- no test sees what another left of the process: the mask of new files;
- what belongs to the slow tier alone is not collected in the others;
- with `CI=true` a skipped test is a failed test: CI has every part;
- Hypothesis prints what replays a failure and has no deadline (shared machines are noisy).
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from support.budget import TIER, cases

HERE = Path(__file__).parent
# Not even skipped elsewhere: a skip says that something is missing.
SLOW = [
    "unit/sealing/test_atheris.py",
    "unit/verifier/test_atheris.py",
    "integration/test_evidence_oracle.py",
    "integration/verifier/test_printed_pages.py",
]
collect_ignore = [] if TIER == "slow" else SLOW
CLOSED = {"unit", "architecture"}

settings.register_profile(
    "coffre", max_examples=cases(ci=200, slow=2_000), deadline=None, print_blob=True
)
settings.load_profile("coffre")


@pytest.fixture(autouse=True)
def own_file_mask():
    """Give each test the usual mask: a command narrows that of its process, here the tests'."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Close the sockets of the tests that need none."""
    for item in items:
        if item.path.relative_to(HERE).parts[0] in CLOSED:
            item.add_marker(pytest.mark.disable_socket)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Turn a skip into a failure where nothing may be absent."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped in CI: {report.longrepr[2]}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """Turn the skip of a whole module into a failure too."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped in CI: {report.longrepr[2]}"
    return report
