# An image with the package, the workflow and all libraries. Build it in a clone:
#   docker build --tag canigatti .
#   docker build --tag canigatti:gpu --build-arg ACCELERATOR=gpu .
# The lock for GPUs has the CUDA libraries, so that both images begin with the same one; the host needs NVIDIA's driver and
# container toolkit. BASE names another image, such as nvidia/cuda:12.9.1-base-ubuntu24.04, with Python 3.11 to 3.13 or apt.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS base
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN if ! python3 -c "import venv, ensurepip"; then \
        apt-get update \
        && apt-get install --yes --no-install-recommends python3 python3-venv \
        && rm -rf /var/lib/apt/lists/*; \
    fi

FROM base AS build
ARG ACCELERATOR=cpu
RUN python3 -m venv /opt/canigatti
ENV PATH=/opt/canigatti/bin:$PATH
WORKDIR /build
# Before the project, so that an edit of it installs no library again.
COPY requirements/${ACCELERATOR}.lock requirements/
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement "requirements/${ACCELERATOR}.lock"
COPY . .
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM base
COPY --from=build /opt/canigatti /opt/canigatti
# The home is writable for all: `docker run --user $(id -u)` lets results belong to the user who started it.
RUN useradd --uid 10001 --create-home canigatti && chmod 1777 /home/canigatti && install --directory --mode=1777 /work
ENV PATH=/opt/canigatti/bin:$PATH HOME=/home/canigatti PYTHONUNBUFFERED=1
USER 10001
WORKDIR /work
# `docker run … canigatti run demo` writes /work/results; `--entrypoint snakemake` runs another workflow that imports this one.
ENTRYPOINT ["canigatti"]
CMD ["--help"]
