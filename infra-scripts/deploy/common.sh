# Sourced by the boot scripts, which run once, as root, on a fresh Amazon Linux 2023.

# The release needs Node 20 or newer and nothing else. Amazon Linux names its packages by version; the newest that there is serves.
install_node() {
  local package
  for package in nodejs22 nodejs20 nodejs; do
    if dnf install -y -q "$package"; then break; fi
  done
  local node
  node=$(command -v node || ls /usr/bin/node-2* 2>/dev/null | tail -n 1 || true)
  if [ -z "$node" ]; then
    echo "millrace: no package of Amazon Linux gave a node command" >&2
    return 1
  fi
  if [ ! -e /usr/local/bin/node ]; then ln -s "$node" /usr/local/bin/node; fi
}

# A value of the instance metadata service, version 2.
metadata() {
  local token
  token=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
  curl -fsS -H "X-aws-ec2-metadata-token: $token" "http://169.254.169.254/latest/meta-data/$1"
}
