#!/bin/bash
# Makes a fresh host the one for the generator, replay, redrive and queries: `millrace` is a command for everybody on it.
# Reads MILLRACE_STREAM, MILLRACE_DATABASE, MILLRACE_TABLE, MILLRACE_DATE_PARTITION, MILLRACE_WORKGROUP, MILLRACE_LAKE and AWS_REGION.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

install_node
install -d -m 755 /etc/millrace
cat > /etc/millrace/client.env <<END
export AWS_REGION=$AWS_REGION
export AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true
export MILLRACE_STREAM=$MILLRACE_STREAM
export MILLRACE_DATABASE=$MILLRACE_DATABASE
export MILLRACE_TABLE=$MILLRACE_TABLE
export MILLRACE_DATE_PARTITION=$MILLRACE_DATE_PARTITION
export MILLRACE_WORKGROUP=$MILLRACE_WORKGROUP
export MILLRACE_LAKE=$MILLRACE_LAKE
END
cat > /usr/local/bin/millrace <<'END'
#!/bin/bash
. /etc/millrace/client.env
exec /usr/local/bin/node /opt/millrace/millrace.mjs "$@"
END
chmod 755 /usr/local/bin/millrace
/usr/local/bin/millrace --version
