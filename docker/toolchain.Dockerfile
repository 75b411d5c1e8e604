# edgehone with everything it can do, run by a user without rights:
#   docker run --rm -v "$PWD:/work" edgehone run
# The layer of dependencies changes with requirements.lock alone, edgehone's own is small.
FROM debian:12.8-slim AS python
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates=2023* python3=3.11* python3-venv=3.11* \
    && rm -rf /var/lib/apt/lists/*

FROM python AS dependencies
COPY requirements.lock /source/
RUN python3 -m venv /opt/edgehone \
    && /opt/edgehone/bin/pip install --no-cache-dir --require-hashes --no-deps \
        -r /source/requirements.lock \
    && /opt/edgehone/bin/pip check

FROM dependencies AS wheel
COPY pyproject.toml README.md LICENSE /source/
COPY toolchain /source/toolchain
COPY targets /source/targets
RUN /opt/edgehone/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation \
        --wheel-dir /wheel /source

FROM python
RUN apt-get update \
    && apt-get install -y --no-install-recommends adb=1:29* openssh-client=1:9.2* \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 edgehone \
    && mkdir /work \
    && chown edgehone /work
COPY --from=dependencies /opt/edgehone /opt/edgehone
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    /opt/edgehone/bin/pip install --no-cache-dir --no-deps /wheel/*.whl
ENV PATH=/opt/edgehone/bin:$PATH
USER 1000
WORKDIR /work
ENTRYPOINT ["edgehone"]
CMD ["--help"]
