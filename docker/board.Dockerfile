# A 64-bit ARM board to bench against on any laptop: sshd for the user pi, LiteRT and ONNX Runtime.
# Put together by the laptop's own processor, whatever that is: no ARM program runs for it.
FROM --platform=$BUILDPLATFORM debian:12.8-slim AS parts
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates=2023* mmdebstrap=1.3* python3-pip=23* \
    && rm -rf /var/lib/apt/lists/*
# Unpacked and never set up: what the packages' scripts would do that matters here is done below.
RUN mmdebstrap --mode=root --variant=extract --architectures=arm64 \
        --include=base-files,base-passwd,bash,coreutils,dash,findutils,grep,gzip,hostname,libc-bin \
        --include=libstdc++6,openssh-server,openssh-sftp-server,procps,python3,sed,tar,util-linux \
        bookworm /board /etc/apt/sources.list.d/*.sources \
    && rm -rf /board/usr/share/doc /board/usr/share/locale /board/usr/share/man \
        /board/var/lib/apt/lists/* /board/dev/* \
    && python3 -m compileall -q -s /board -p / /board/usr/lib/python3.11
COPY docker/board/requirements.txt /
RUN python3 -m pip install --no-cache-dir --only-binary=:all: --python-version 3.11 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
        --target /board/opt/site -r /requirements.txt
RUN cp /board/usr/share/base-passwd/passwd.master /board/etc/passwd \
    && cp /board/usr/share/base-passwd/group.master /board/etc/group \
    && echo "pi:x:1000:1000::/home/pi:/bin/sh" >> /board/etc/passwd \
    && echo "pi:x:1000:" >> /board/etc/group \
    && install -d -o 1000 -g 1000 /board/home/pi /board/home/pi/.edgehone \
    && install -d /board/keys
COPY --chown=1000:1000 docker/board/fitting.json /board/home/pi/.edgehone/
COPY docker/board/sshd_config /board/etc/ssh/board_config
COPY docker/board/start /board/usr/local/bin/board

FROM scratch
COPY --from=parts /board /
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Where it is emulated: the CPU that QEMU takes by itself computes LiteRT's int8 kernels wrongly.
ENV QEMU_CPU=cortex-a72
USER 1000
EXPOSE 2222
ENTRYPOINT ["/usr/local/bin/board"]
