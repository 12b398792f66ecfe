# Two targets are the interface: demo and test. Each does its own set-up.
.PHONY: demo test check build setup clean

demo: build
	@npm run --silent lab -- demo

test: check build
	@npm run --silent lab -- run --core --keep-files
	@npm run --silent check:viewer
	@npm run --silent check:fuzz

check: setup
	@npm run --silent check

build: setup
	@npm run --silent build

setup:
	@scripts/setup.sh

clean:
	rm -rf dist out
