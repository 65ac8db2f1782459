#!/bin/bash
# Makes a fresh host an ingest server. Ends well only when the server answers on /readyz.
# Reads MILLRACE_*, WRITE_KEYS_PARAMETER, LOG_GROUP, METRIC_NAMESPACE, LIFECYCLE_HOOK, INSTANCE_ID and AWS_REGION.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_node
dnf install -y -q amazon-cloudwatch-agent logrotate
id millrace >/dev/null 2>&1 || useradd --system --home-dir /var/lib/millrace --create-home --shell /sbin/nologin millrace
install -d -o millrace -g millrace -m 700 /var/lib/millrace/spool
install -d -o millrace -g millrace -m 755 /var/log/millrace
install -d -m 755 /etc/millrace
printf '%s\n' "$MILLRACE_CATALOGUE_JSON" > /etc/millrace/catalogue.json

write_keys=$(aws ssm get-parameter --name "$WRITE_KEYS_PARAMETER" --with-decryption --query Parameter.Value --output text)
install -m 600 /dev/null /etc/millrace/ingest.env
cat > /etc/millrace/ingest.env <<END
AWS_REGION=$AWS_REGION
AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
NODE_ENV=production
MILLRACE_PORT=$MILLRACE_PORT
MILLRACE_STREAM=$MILLRACE_STREAM
MILLRACE_WRITE_KEYS=$write_keys
MILLRACE_ORIGINS="$MILLRACE_ORIGINS"
MILLRACE_SPREAD=$MILLRACE_SPREAD
MILLRACE_LINGER_MS=$MILLRACE_LINGER_MS
MILLRACE_ADDRESS_REQUESTS_PER_SECOND=$MILLRACE_ADDRESS_REQUESTS_PER_SECOND
MILLRACE_ADDRESS_BYTES_PER_SECOND=$MILLRACE_ADDRESS_BYTES_PER_SECOND
MILLRACE_TRUSTED_PROXIES=$MILLRACE_TRUSTED_PROXIES
MILLRACE_SPOOL_FOLDER=/var/lib/millrace/spool
MILLRACE_SPOOL_MAX_BYTES=$((MILLRACE_SPOOL_GIB * 1024 * 1024 * 1024))
MILLRACE_CATALOGUE=/etc/millrace/catalogue.json
END
cat > /etc/millrace/host.env <<END
AWS_REGION=$AWS_REGION
INSTANCE_ID=$INSTANCE_ID
MILLRACE_PORT=$MILLRACE_PORT
MILLRACE_STACK=$MILLRACE_STACK
METRIC_NAMESPACE=$METRIC_NAMESPACE
LIFECYCLE_HOOK=$LIFECYCLE_HOOK
END

sed "s|@LOG_GROUP@|$LOG_GROUP|" "$here/cloudwatch-agent.json" > /etc/millrace/cloudwatch-agent.json
install -m 644 "$here/logrotate.conf" /etc/logrotate.d/millrace
install -m 644 "$here"/systemd/* /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now millrace-ingest.service millrace-metrics.timer
if [ -n "$LIFECYCLE_HOOK" ]; then systemctl enable --now millrace-drain.service; fi
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/etc/millrace/cloudwatch-agent.json

for _ in $(seq 60); do
  if curl -fsS "http://127.0.0.1:$MILLRACE_PORT/readyz" >/dev/null 2>&1; then
    # The load balancer needs two good answers, ten seconds apart, before it sends requests here.
    if [ -n "$LIFECYCLE_HOOK" ]; then sleep 30; fi
    exit 0
  fi
  sleep 2
done
echo 'millrace: the ingest server is not ready after two minutes; its last words:' >&2
tail -n 20 /var/log/millrace/ingest.log >&2 || true
exit 1
