# tssd on a CPU, without this repository's tests and results: docker build -t tssd .
# For a GPU leave the first pip line out, so that the next one takes PyPI's CUDA build, and run with
# --gpus all.
FROM python:3.11-slim

RUN pip install --no-cache-dir torch torchvision --index-url https://download.pytorch.org/whl/cpu
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
RUN pip install --no-cache-dir "/src[tensorboard]" && rm -r /src

# Runs are written below the current folder: mount a folder of yours there, and data at /data.
RUN useradd --create-home tssd
USER tssd
WORKDIR /work
ENV TSSD_DATA=/data
ENTRYPOINT ["tssd"]
CMD ["--help"]
