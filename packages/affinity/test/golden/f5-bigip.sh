# Sticky sessions for f5 17.1, written by Holdfast.
# Generated, not executed here: checked against documents and schemas only. Try it with `holdfast affinity verify`.
# What it cannot honour:
#   cookie.sameSite: the profile has no field for it: browsers take it for Lax.
#   cookie: the passphrase is among the arguments of tmsh while that runs, where users of the shell see it, and may be in its log: use it for nothing else.
#   nodes.label: the cookie holds the node's address, encrypted; the label is its description.
#   duration.idle: nothing counts idle time.
#   duration.absolute: nothing limits it: the cookie ends with the browser.
#   cookielessHeader: clients without cookies take turns.
#   health.rise: one success is enough.
#   health.timeout: a node is out after 5 s without a good answer.

set -eu
# recv-disable: a node that answers 404 keeps the clients it has and gets no new ones (drain); with 503 it is down.
tmsh create ltm monitor http holdfast_health defaults-from http send 'GET /healthz HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n' recv '^HTTP/1\.[01] 200' recv-disable '^HTTP/1\.[01] 404' interval 2 timeout 5
tmsh create ltm pool holdfast monitor holdfast_health load-balancing-mode ratio-member service-down-action reselect members add { 10.0.0.1:8080 { description a ratio 1 } 10.0.0.2:8080 { description b ratio 1 } }
# Without encryption BIG-IP writes the address and port of the node into the cookie.
: "${HOLDFAST_AFFINITY_SECRET:?set it to a passphrase of your own}"
tmsh create ltm persistence cookie holdfast_persist defaults-from cookie method insert cookie-name __Host-hf_node cookie-encryption required cookie-encryption-passphrase "$HOLDFAST_AFFINITY_SECRET" httponly enabled secure enabled expiration 0
# On your virtual server (an http profile is needed for cookies and headers):
#   tmsh modify ltm virtual YOURS pool holdfast persist replace-all-with { holdfast_persist { default yes } }
