#!/bin/bash
# When the group takes this server out, it goes only when Kinesis has everything that it acknowledged: the spool's disk goes with it.
set -euo pipefail
. "$(dirname "$0")/common.sh"
group="$MILLRACE_STACK-ingest"

target() { metadata autoscaling/target-lifecycle-state 2>/dev/null || true; }
# Events in the spool and in memory; nothing when the server does not answer, or not for all its workers.
held() {
  curl -fsS --max-time 5 "http://127.0.0.1:$MILLRACE_PORT/metrics" 2>/dev/null |
    awk '$1 ~ /^millrace_(spool|queued)_events([{]|$)/ { sum += $2; seen = 1 }
         $1 == "millrace_workers_missing" { missing = $2 }
         END { if (seen && !missing) print sum }' || true
}

until [ "$(target)" = Terminated ]; do sleep 5; done

# The load balancer sends nothing new by now; what it still sends ends within its delay of 30 seconds.
sleep 35
until [ "$(held)" = 0 ]; do
  aws autoscaling record-lifecycle-action-heartbeat --auto-scaling-group-name "$group" \
    --lifecycle-hook-name "$LIFECYCLE_HOOK" --instance-id "$INSTANCE_ID" || true
  sleep 20
done
systemctl stop millrace-ingest.service
aws autoscaling complete-lifecycle-action --auto-scaling-group-name "$group" \
  --lifecycle-hook-name "$LIFECYCLE_HOOK" --instance-id "$INSTANCE_ID" --lifecycle-action-result CONTINUE
