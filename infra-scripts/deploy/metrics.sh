#!/bin/bash
# Once a minute: what the load balancer and Kinesis cannot know about this server.
set -euo pipefail
figures=$(curl -fsS --max-time 5 "http://127.0.0.1:$MILLRACE_PORT/metrics")
# Several workers have a series each.
values() { awk -v name="$1" '{ sub(/[{].*/, "", $1) } $1 == name { print $2 }' <<< "$figures"; }
sum() { values "$1" | awk '{ sum += $1 } END { if (NR) printf "%.0f", sum }'; }
least() { values "$1" | sort -n | head -n 1; }

# One that the server does not tell is left out: CloudWatch would refuse all for one without a value.
data=()
tell() { [ -z "$3" ] || data+=("MetricName=$1,Unit=$2,Value=$3,Dimensions=[{Name=Stack,Value=$MILLRACE_STACK}]"); }
tell SpoolBytes Bytes "$(sum millrace_spool_bytes)"
tell SpoolEvents Count "$(sum millrace_spool_events)"
tell SpoolSetAsideBytes Bytes "$(sum millrace_spool_set_aside_bytes)"
tell KinesisUp None "$(least millrace_kinesis_up)"

aws cloudwatch put-metric-data --namespace "$METRIC_NAMESPACE" --metric-data "${data[@]}"
