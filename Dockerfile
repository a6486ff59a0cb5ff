# The service for a team. The embedded server is not in it: a team has a Postgres of its own (docker-compose.yml).
FROM python:3.12-slim
RUN useradd --create-home polaris
WORKDIR /src
COPY setup.cfg pyproject.toml README.md ./
COPY polaris polaris
COPY daemon daemon
COPY bridge bridge
COPY sql sql
COPY hooks hooks
COPY skills skills
COPY tests/fixtures tests/fixtures
RUN pip install --no-cache-dir . && rm -rf /src
WORKDIR /home/polaris
USER polaris
EXPOSE 4320
CMD ["polaris", "serve", "--host", "0.0.0.0", "--port", "4320"]
