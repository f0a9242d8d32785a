# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Knot, NSD, BIND, Unbound and BIRD beside the server. Each function takes a name for it (of its files, its output and
# its process), a namespace and where it listens; what the story wants of it comes from standard input.

# speaks NAME DIG-ARGUMENT...: it has begun to answer that with authority
speaks() {
	local name=$1
	shift
	within 20 has_authority "$@" || fail "$name does not answer"
}

has_authority() {
	ask +tries=1 "$@" 2>&1 | grep -q 'flags: qr aa'
}

# knot_start NAME NAMESPACE 'ADDRESS@PORT, ...'
knot_start() {
	mkdir -p "$work/$1"
	cat >"$work/$1.conf" <(cat <<TEXT
server:
    listen: [$3]
    rundir: $work/$1
database:
    storage: $work/$1
log:
  - target: stderr
    any: info
TEXT
) -
	behind "$1" "$2" knotd -c "$work/$1.conf"
}

# knot_open ADDRESS@PORT FILE: as `knot` at the client, with a root zone for everybody, be it right or wrong
knot_open() {
	knot_start knot $client "$1" <<TEXT
acl:
  - id: all
    action: transfer
    address: 198.18.0.0/15
zone:
  - domain: .
    file: $2
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
    acl: all
TEXT
	speaks knot "@${1%@*}" -p "${1#*@}" . SOA
}

# knot_tell COMMAND...: to `knot`, which has done it when this returns
knot_tell() {
	knotc -b -c "$work/knot.conf" "$@" >"$work/knotc.out" 2>&1
}

# nsd_start NAME NAMESPACE ADDRESS
nsd_start() {
	mkdir -p "$work/$1"
	cat >"$work/$1.conf" <(cat <<TEXT
server:
    ip-address: $3
    username: ""
    chroot: ""
    zonesdir: "$work/$1"
    zonelistfile: "$work/$1/list"
    database: ""
    pidfile: "$work/$1/pid"
    xfrdfile: "$work/$1/xfrd"
    xfrdir: "$work/$1"
    server-count: 1
    verbosity: 2
remote-control:
    control-enable: no
TEXT
) -
	behind "$1" "$2" nsd -d -c "$work/$1.conf"
}

# bind_start NAME NAMESPACE OPTION...: what else stands in `options`, where it listens among it
bind_start() {
	local name=$1 where=$2
	shift 2
	cat >"$work/$name.conf" <(cat <<TEXT
options {
    directory "$work";
    listen-on-v6 { none; };
    pid-file none;
    session-keyfile none;
$(printf '    %s;\n' "$@")
};
controls { };
TEXT
) -
	behind "$name" "$where" named -g -n 1 -c "$work/$name.conf"
}

# unbound_start NAME NAMESPACE ADDRESS[@PORT]
unbound_start() {
	cat >"$work/$1.conf" <(cat <<TEXT
server:
    interface: $3
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "$work"
    pidfile: ""
    use-syslog: no
    logfile: ""
    verbosity: 1
    num-threads: 1
remote-control:
    control-enable: no
TEXT
) -
	behind "$1" "$2" unbound -c "$work/$1.conf"
}

# misbehaving NAMESPACE ARGUMENT...: bad_primary.py, as `bad`
misbehaving() {
	local where=$1
	shift
	behind bad "$where" python3 "$here/bad_primary.py" "$@"
	within 10 grep -q ready "$work/bad.out" || fail "the bad primary does not start"
}

# secret_of KEY FILE: as tsig-keygen wrote it
secret_of() {
	sed -n "/key \"$1\"/,/};/ s/.*secret \"\([^\"]*\)\".*/\1/p" "$2"
}

# static_anchors FILE: a file of DNSKEY records as BIND wants them
static_anchors() {
	sed -n 's/.*DNSKEY[ \t]*\([0-9]* [0-9]* [0-9]*\) \([^ \t]*\).*/trust-anchors { "." static-key \1 "\2"; };/p' "$1"
}

# certificate_make: of primary.example, in tls.pem and tls.key; sets pin
certificate_make() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/tls.key" \
		-out "$work/tls.pem" -days 2 -subj /CN=primary.example -addext subjectAltName=DNS:primary.example 2>/dev/null
	pin=$(openssl x509 -in "$work/tls.pem" -noout -pubkey | openssl pkey -pubin -outform der |
		openssl dgst -sha256 -binary | base64)
}

# day WHEN: as ldns-signzone wants it
day() {
	date -u -d "$1" +%Y%m%d%H%M%S
}

# unsigned FILE: its records without what signing adds
unsigned() {
	awk '$4 !~ /^(RRSIG|NSEC|DNSKEY|ZONEMD)$/ { $1 = $1; print }' "$1"
}

# same_form FILE: a zone's records in one order and one form, whoever wrote them
same_form() {
	grep -v '^;\|[[:space:]]TSIG[[:space:]]' "$1" | ldns-read-zone -c /dev/stdin | sed 's/[ \t]*;.*//' |
		tr -s '\t' ' ' | tr A-Z a-z | sort
}

# bird_start NAMESPACE NAME: as bird-NAME, with NAME.conf; it is told by NAME.ctl
bird_start() {
	behind "bird-$2" "$1" bird -f -c "$work/$2.conf" -s "$work/$2.ctl" -P "$work/$2.pid"
}
