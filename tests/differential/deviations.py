# SPDX-License-Identifier: BSD-3-Clause
"""Where Mangrove differs from both Knot and NSD on purpose.

Each deviation has a name, the rule that it follows, and a test that says exactly which answer it
excuses. An answer that differs from both peers and that none of these describes is a fault.
"""
from collections import namedtuple

from message import DS, NS, RRSIG, differences

A, SOA, AAAA, IXFR, AXFR, ANY = 1, 6, 28, 251, 252, 255
FORMERR, REFUSED = 1, 5
DEVIATIONS = []
Deviation = namedtuple('Deviation', 'name rule test')
zones = []  # queries.Zone of the run, each


def deviation(name, rule):
    def enter(test):
        DEVIATIONS.append(Deviation(name, rule, test))
        return test
    return enter


def explain(case):
    """The name of the deviation that a case is, or None."""
    if case.ours is None:
        return None
    for one in DEVIATIONS:
        if one.test(case):
            return one.name
    return None


# ---- additional data that does not all fit ----

def is_below(name, ancestor):
    while name != ancestor:
        if name == b'\0':
            return False
        name = name[name[0] + 1:]
    return True


def zone_of(case):
    """The zone that answers: the deepest, and the parent's for DS of an apex (RFC 4035 3.1.4.1)."""
    around = [one for one in zones if is_below(case.qname, one.origin)]
    above = [one for one in around if case.qtype != DS or one.origin != case.qname]
    return max(above or around, key=lambda one: len(one.origin))


def addresses_of(case, hosts):
    """Additional data is of the answering zone only."""
    known = zone_of(case).addresses
    return {(host, rrtype, 1, ttl, rdata) for host in hosts
            for rrtype, ttl, rdata in known.get(host, ())}


def fills_the_room(case, missing):
    """Whether not even the smallest RRset left out would have fitted, written as long as can be."""
    sizes = {}
    for owner, rrtype, _, _, rdata in missing:
        sizes[owner, rrtype] = sizes.get((owner, rrtype), 0) + len(owner) + 10 + len(rdata)
    if case.ours.opt and case.ours.opt[2] & 0x8000:
        for key in sizes:
            sizes[key] += zone_of(case).signature_sizes.get(key, 0)
    return case.ours.size + max(sizes.values(), default=0) > case.limit


def is_glue_choice(case, hosts, required):
    """Only Additional differs, and it holds what the hosts have in the zone as far as it fits."""
    extra = case.ours.section_sets()[2]
    addresses = {one for one in extra if one[1] in (A, AAAA)}
    known = addresses_of(case, hosts)
    if extra - addresses - {one for one in extra if one[1] == RRSIG} or addresses - known:
        return False
    return addresses_of(case, required) <= addresses and fills_the_room(case, known - addresses)


def same_but_additional(ours, peer):
    return peer is not None and differences(ours, peer) <= {'additional'}


@deviation('sibling-glue', 'RFC 9471 3: all in-domain glue, then whole RRsets of sibling glue while '
           'they fit, A and AAAA of a host together')
def sibling_glue(case):
    targets = [r for r in case.ours.section_sets()[1] if r[1] == NS]
    if case.ours.has('aa') or case.ours.has('tc') or not targets:
        return False
    if not (same_but_additional(case.ours, case.knot) or same_but_additional(case.ours, case.nsd)):
        return False
    hosts = {r[4] for r in targets}
    in_domain = {host for host in hosts if is_below(host, targets[0][0])}
    if not addresses_of(case, in_domain) and addresses_of(case, hosts) and not case.ours.sections[2]:
        return False  # one address at least
    return is_glue_choice(case, hosts, in_domain)


@deviation('priming', 'RFC 9609 3, RFC 4035 3.1.1: addresses of the root servers while they fit, A '
           'and AAAA interleaved, never TC for those left out')
def priming(case):
    answer = case.ours.section_sets()[0]
    if case.qname != zone_of(case).origin or case.qtype != NS or case.qclass != 1 or case.ours.has('tc'):
        return False
    if not same_but_additional(case.ours, case.nsd):
        return False
    return is_glue_choice(case, {r[4] for r in answer if r[1] == NS}, ())


# ---- answers that are prepared, not compressed for each question ----

def names_of(record):
    """The names in a record that compression may shorten, and the octets of all the rest."""
    owner, rrtype, _, _, rdata = record
    if rrtype == NS:
        return [owner, rdata], 10
    if rrtype == SOA:
        end = [i + 1 for i, octet in enumerate(rdata) if octet == 0]
        return [owner, rdata[:end[0]], rdata[end[0]:-20]], 30
    return [owner], 10 + len(rdata)


def prepared_size(case, records, known):
    """Octets of a reply with these records; names are shortened against `known` and each other.

    @param known  set of names that stand in the message; None: no name is shortened
    """
    size = 12 + len(case.ours.question) + (11 if case.ours.opt else 0)
    for record in records:
        names, rest = names_of(record)
        size += rest
        for name in names:
            at = 0
            while known is not None and name[at] and name[at:] not in known:
                known.add(name[at:])
                at += name[at] + 1
            size += len(name) if known is None or not name[at] else at + 2
    return size


@deviation('denial-in-full', 'RFC 1035 4.1.4: pointers are optional; a denial that only fits with '
           'pointers between its NSEC records is TC=1')
def denial_in_full(case):
    peer = case.knot
    return case.ours.has('tc') and case.ours.has('aa') and peer is not None and \
        differences(case.ours, peer) == {'tc', 'authority'} and \
        prepared_size(case, peer.sections[1], None) > case.limit


@deviation('referral-prepared', 'RFC 1035 4.1.4, RFC 9471 3: glue is not shortened against labels '
           'of QNAME below the cut; a referral whose in-domain glue only fits with that is TC=1')
def referral_prepared(case):
    peer = case.knot
    if not case.ours.has('tc') or case.ours.has('aa') or peer is None or \
            differences(case.ours, peer) - {'tc', 'authority', 'additional'}:
        return False
    targets = [r for r in peer.sections[1] if r[1] == NS]
    if not targets:
        return False
    cut = targets[0][0]
    required = [r for r in peer.sections[2] if is_below(r[0], cut)]
    return prepared_size(case, peer.sections[1] + required, {cut, cut[cut[0] + 1:]}) > case.limit


@deviation('one-address', 'RFC 9471 3: a referral with sibling glue only carries the first host\'s '
           'addresses at least, or it is TC=1')
def one_address(case):
    peer = case.knot
    if not case.ours.has('tc') or case.ours.has('aa') or peer is None or \
            differences(case.ours, peer) - {'tc', 'authority', 'additional'}:
        return False
    targets = [r for r in peer.sections[1] if r[1] == NS]
    if not targets or any(is_below(r[4], targets[0][0]) for r in targets):
        return False
    known = {targets[0][0], b'\0'}
    known_addresses = zone_of(case).addresses
    with_address = [r[4] for r in targets if r[4] in known_addresses]
    for host in with_address[:1]:
        first = min(rrtype for rrtype, _, _ in known_addresses[host])
        rrset = [one for one in addresses_of(case, [host]) if one[1] == first]
        return prepared_size(case, peer.sections[1] + rrset, known) > case.limit
    return False


@deviation('sibling-fits', 'RFC 9471 3: no TC where one address of a sibling fits, however tightly; '
           'the peers write it longer')
def sibling_fits(case):
    targets = [r for r in case.ours.section_sets()[1] if r[1] == NS]
    if case.ours.has('aa') or case.ours.has('tc') or not targets or not case.ours.sections[2]:
        return False
    hosts = {r[4] for r in targets}
    in_domain = {host for host in hosts if is_below(host, targets[0][0])}
    return not in_domain and case.nsd is not None and case.nsd.has('tc') and \
        differences(case.ours, case.nsd) <= {'tc', 'additional'} and \
        is_glue_choice(case, hosts, ())


# ---- what RFCs leave open or the peers do not do ----

def is_answer(case):
    ours = case.ours
    return ours.rcode == 0 and ours.has('aa') and \
        ours.question == case.query[10:10 + len(ours.question)] != b''


@deviation('edns-size-1', 'RFC 6891 6.2.3: an EDNS size below 512 counts as 512; Knot says FORMERR '
           'to 1')
def edns_size_1(case):
    if case.opt_size != 1 or not is_answer(case):
        return False
    if case.qtype == ANY:
        return any_subset(case)
    # NSD adds the apex NS and its addresses, which are optional (RFC 1034 4.3.2)
    return differences(case.ours, case.nsd) <= {'authority', 'additional'} and \
        not case.ours.sections[1] and not case.ours.sections[2]


@deviation('any', 'RFC 8482 4.1: one RRset is enough for ANY, and the smallest one is best')
def any_subset(case):
    answer = case.ours.sections[0]
    types = [r[1] for r in answer if r[1] != RRSIG]
    signed = [r[4][:2] for r in answer if r[1] == RRSIG]
    return case.qtype == ANY and case.qclass == 1 and is_answer(case) and \
        len(set(types)) == 1 and not case.ours.sections[1] and not case.ours.sections[2] and \
        all(covered == types[0].to_bytes(2, 'big') for covered in signed) and \
        {r[0] for r in answer} == {case.qname}


@deviation('mail-hosts', 'RFC 1035 3.3.9, RFC 2782: addresses of MX and SRV targets are optional, and '
           'left out')
def mail_hosts(case):
    return case.qtype in (15, 33) and is_answer(case) and not case.ours.sections[2] and \
        differences(case.ours, case.knot) == {'additional'}


@deviation('ixfr', 'RFC 1995 2: an IXFR over UDP that cannot be served is answered by the SOA')
def ixfr(case):
    return case.qtype == IXFR and case.qname in {one.origin for one in zones} and is_answer(case) and \
        [r[1] for r in case.ours.sections[0]] == [SOA] and \
        not case.ours.sections[1] and not case.ours.sections[2]


# ---- messages that are no good query ----

def is_error(case, rcode, question=True, edns=None):
    """An error reply as RFC 1035 4.1.1 and 6891 7 want it: RD copied, nothing in the sections.

    @param edns  whether it has an OPT; None: if the query had one that was good
    """
    ours = case.ours
    if edns is None:
        edns = b'\0\0\x29\x04\xd0' in case.query
    return ours.rcode == rcode and not any(ours.sections) and \
        bool(ours.question) == question and (ours.opt is not None) == edns and \
        ours.flags == (0x0100 if case.flags1 & 1 else 0)


def error(name, rule, kinds, rcode, **how):
    deviation(name, rule)(
        lambda case: case.kind in kinds and is_error(case, rcode, **how))


@deviation('class-any', 'RFC 1035 3.2.5, 6.2: an answer in class ANY cannot be authoritative; '
           'REFUSED')
def class_any(case):
    return case.qclass == 255 and case.opcode == 0 and is_error(case, REFUSED)


@deviation('meta-type', 'RFC 6891 6.1.1, 8945 4, 2930 2: OPT, TSIG and TKEY are no types to ask '
           'for; FORMERR')
def meta_type(case):
    return case.kind == 'type' and case.qtype in (41, 249, 250) and is_error(case, FORMERR)


@deviation('notify', 'RFC 1996 3.10: a NOTIFY from a stranger changes nothing, and is REFUSED')
def notify(case):
    return case.opcode == 4 and is_error(case, REFUSED)


@deviation('axfr', 'RFC 5936 2.2.1: a zone that strangers want transferred is REFUSED; NSD says why, too')
def axfr(case):
    return case.qtype == AXFR and case.opcode == 0 and is_error(case, REFUSED) and \
        case.qname in {one.origin for one in zones}


error('trailing', 'RFC 1035 4.1: octets behind the last record are FORMERR',
      ('trailing',), FORMERR)
error('records', 'RFC 1035 4.1, 4.3: a query carries a question, OPT and TSIG; other records are '
      'FORMERR, with OPT where that is good (RFC 6891 7)',
      ('answer-record', 'authority-record', 'additional-record'), FORMERR)
error('bad-opt', 'RFC 6891 6.1.1, 7: an OPT that is malformed, misplaced or doubled is FORMERR '
      'without OPT', ('edns-owner', 'edns-two', 'edns-section', 'edns-option-over'), FORMERR,
      edns=False)
error('tsig-place', 'RFC 8945 5.1: a TSIG that is not the last record is FORMERR',
      ('tsig-not-last',), FORMERR)
