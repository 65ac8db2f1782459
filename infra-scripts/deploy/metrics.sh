#!/bin/bash
# Once a minute: what the load balancer and Kinesis cannot know about this server.
set -euo pipefail
figures=$(curl -fsS --max-time 5 "http://127.0.0.1:$MILLRACE_PORT/metrics")
figure() { awk -v name="$1" '$1 == name { print $2 }' <<< "$figures"; }

aws cloudwatch put-metric-data --namespace "$METRIC_NAMESPACE" --metric-data \
  "MetricName=SpoolBytes,Unit=Bytes,Value=$(figure millrace_spool_bytes),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]" \
  "MetricName=SpoolEvents,Unit=Count,Value=$(figure millrace_spool_events),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]" \
  "MetricName=KinesisUp,Unit=None,Value=$(figure millrace_kinesis_up),Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]"
