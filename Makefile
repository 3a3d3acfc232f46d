# run          the whole hub on this machine, with a demo company; Ctrl-C stops it, data stay
# demo-check   drive the running hub (or one started for it) through its main job
# test         the checks, then the whole suite
# check        ruff, types, import contracts, migrations, settings of production, architecture
# bench        the short forms of the benchmarks, and docs/benchmarks.md with their figures
# format       let ruff put the code in order
# lock         write requirements/*.txt anew from pyproject.toml (UPGRADE=1: newest versions)
# phrases      compile the translations of notifications/locale
# clean        delete the demo's data
#
# ARGS is passed on:  make run ARGS=--free-ports    make test ARGS='-k inbox'

PYTHON_OF_HUB = .venv/bin/python

.PHONY: run demo-check test check bench format lock phrases clean

run:
	@.ci/bootstrap embedded
	@exec $(PYTHON_OF_HUB) -m hub.demo run $(ARGS)

demo-check:
	@.ci/bootstrap embedded
	@exec $(PYTHON_OF_HUB) -m hub.demo check $(ARGS)

# In two processes: half the suite waits for servers.
test: check
	@exec $(PYTHON_OF_HUB) -m pytest -n 2 --dist loadgroup $(ARGS)

check:
	@.ci/bootstrap dev
	@exec .ci/check

# Needs gcc, wrk and the headers of nghttp2 and OpenSSL; as root on Debian it installs them.
bench:
	@.ci/bootstrap embedded
	@set -e; for name in fanout singles accept registrations urgent callbacks inbox streams sync; do \
	    printf '\n%s\n' "$$name"; \
	    $(PYTHON_OF_HUB) -m benchmarks.$$name --short --json docs/benchmarks/$$name.json $(ARGS); \
	done
	@exec .cache/bench-venv/bin/python -m benchmarks.report

format:
	@.ci/bootstrap dev
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

lock:
	@exec .ci/lock

phrases:
	@.ci/bootstrap dev
	@exec .venv/bin/pybabel compile --statistics -D hub -d notifications/locale

clean:
	@.ci/bootstrap embedded
	@exec $(PYTHON_OF_HUB) -m hub.demo clean
