# The worker as an image: docker build -t kafka-connect-node . && docker run -v "$PWD/worker-config:/etc/kafka-connect:ro" -p 127.0.0.1:8083:8083 kafka-connect-node
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No install scripts: the image has its own Node, and nothing we use compiles on installation.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
RUN groupadd --gid 1001 connect && useradd --uid 1001 --gid 1001 --no-create-home --shell /usr/sbin/nologin connect
WORKDIR /app
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
COPY bin bin
COPY worker-config/docker.properties /etc/kafka-connect/connect-distributed.properties
ENV NODE_ENV=production
USER 1001
EXPOSE 8083
# /health answers 200 when the worker has joined its cluster and its herder responds.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8083/health', { signal: AbortSignal.timeout(5000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "/app/bin/worker.js"]
# Every CONNECT_… variable overrides a key of the file: CONNECT_BOOTSTRAP_SERVERS is bootstrap.servers.
CMD ["--distributed", "/etc/kafka-connect/connect-distributed.properties", "--env"]
