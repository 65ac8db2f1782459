#!/bin/bash
# Once a minute: what the load balancer and Kinesis cannot know about this server.
set -euo pipefail
figures=$(curl -fsS --max-time 5 "http://127.0.0.1:$MILLRACE_PORT/metrics")
# Several workers have a series each.
values() { awk -v name="$1" '{ sub(/[{].*/, "", $1) } $1 == name { print $2 }' <<< "$figures"; }
sum() { values "$1" | awk '{ sum += $1 } END { if (NR) printf "%.0f", sum }'; }
least() { values "$1" | sort -n | head -n 1; }

aws cloudwatch put-metric-data --namespace "$METRIC_NAMESPACE" --metric-data \
  "MetricName=SpoolBytes,Unit=Bytes,Value=$(sum millrace_spool_bytes),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]" \
  "MetricName=SpoolEvents,Unit=Count,Value=$(sum millrace_spool_events),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]" \
  "MetricName=SpoolSetAsideBytes,Unit=Bytes,Value=$(sum millrace_spool_set_aside_bytes),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]" \
  "MetricName=KinesisUp,Unit=None,Value=$(least millrace_kinesis_up),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]"
