# A 64-bit ARM board to bench against on any laptop: sshd for the user pi, LiteRT and ONNX Runtime.
# What it measures is emulated wherever the laptop is no ARM machine: its times are no device's.
# Fetched by the laptop's own processor for the board's: emulated, pip takes minutes.
FROM --platform=$BUILDPLATFORM debian:12.8-slim AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates=2023* python3-pip=23* \
    && rm -rf /var/lib/apt/lists/*
COPY docker/board/requirements.txt /
RUN python3 -m pip install --no-cache-dir --only-binary=:all: --python-version 3.11 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
        --target /site -r /requirements.txt

FROM debian:12.8-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libstdc++6=12* openssh-server=1:9.2* python3=3.11* \
    && rm -rf /var/lib/apt/lists/* /etc/ssh/ssh_host_* \
    && useradd --create-home --uid 1000 --shell /bin/sh pi \
    && mkdir /home/pi/.edgehone /keys \
    && chown pi:pi /home/pi/.edgehone
COPY --from=runtime /site /opt/site
COPY --chown=pi:pi docker/board/fitting.json /home/pi/.edgehone/
COPY docker/board/sshd_config /etc/ssh/board_config
COPY docker/board/start /usr/local/bin/board
USER 1000
EXPOSE 2222
CMD ["/usr/local/bin/board"]
