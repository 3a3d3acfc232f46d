# run          the whole hub on this machine, with a demo company; Ctrl-C stops it, data stay
# demo-check   drive the running hub (or one started for it) through its main job
# test         the checks, then the whole suite
# check        ruff, types, import contracts, migrations, settings of production, architecture
# format       let ruff put the code in order
# lock         write requirements/*.txt anew from pyproject.toml (UPGRADE=1: newest versions)
# clean        delete the demo's data
#
# ARGS is passed on:  make run ARGS=--free-ports    make test ARGS='-k inbox'

PYTHON_OF_HUB = .venv/bin/python

.PHONY: run demo-check test check format lock clean

run:
	@.ci/bootstrap embedded
	@exec $(PYTHON_OF_HUB) -m hub.demo run $(ARGS)

demo-check:
	@.ci/bootstrap embedded
	@exec $(PYTHON_OF_HUB) -m hub.demo check $(ARGS)

test: check
	@exec $(PYTHON_OF_HUB) -m pytest $(ARGS)

check:
	@.ci/bootstrap dev
	@exec .ci/check

format:
	@.ci/bootstrap dev
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

lock:
	@exec .ci/lock

clean:
	@.ci/bootstrap embedded
	@exec $(PYTHON_OF_HUB) -m hub.demo clean
