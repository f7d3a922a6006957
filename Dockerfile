# The hub for any host that runs containers: for strangers, on the CPU, with the packages of the Space.
#   docker build -t netsee .
#   docker run -p 7860:7860 netsee                      # options of `netsee app` may follow, such as --technique dream
FROM python:3.12-slim

WORKDIR /netsee
COPY spaces/hub/README.md spaces/hub/requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt "gradio==$(sed -n 's/^sdk_version: "\(.*\)"$/\1/p' README.md)"
COPY LICENSE ./
COPY hub hub
COPY plugins plugins
RUN python -m compileall -q hub plugins && useradd --create-home visitor

USER visitor
EXPOSE 7860
HEALTHCHECK --start-period=60s --timeout=10s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/healthz')"]
ENTRYPOINT ["python", "-m", "hub", "app", "--host", "0.0.0.0", "--public"]
