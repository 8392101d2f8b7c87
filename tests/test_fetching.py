"""Addresses that somebody typed in: where requests go, and what they put up with."""

import datetime as dt
import socket
import ssl
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from leaddistrib import fetching
from leaddistrib.fetching import Answer, NotFetched, check_address, fetch, is_public
from tests import standin

PRIVATE = (
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 - refused, not bound to
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "fec0::1",
    "64:ff9b:1::a00:1",
    "::ffff:0:7f00:1",
    "::10.0.0.1",
    "168.63.129.16",
    "192.0.0.192",
)
METADATA = (
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "fe80::a9fe:a9fe",
    "fd00:ec2::254",
    "64:ff9b::a9fe:a9fe",
    "::ffff:169.254.169.254",
)


@pytest.fixture
def server(settings):
    """A stand-in that the settings take for a host of the own network."""
    with standin.standing_in() as server:
        settings.LEADDISTRIB = {"INTERNAL_HOSTS": (server.host,)}
        yield server


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.3)


def code_of(url, **options):
    with pytest.raises(NotFetched) as refused:
        fetch(url, max_bytes=1000, **options)
    return refused.value.code


def test_an_answer_is_its_status_and_its_bytes(server):
    url = server.url("/good?of=amina", lambda peer: peer.answer(b"BEGIN"))

    assert fetch(url, max_bytes=5) == Answer(200, b"BEGIN")

    head = server.requests[0].decode()
    assert head.startswith("GET /good?of=amina HTTP/1.1\r\n")
    assert f"\r\nHost: {server.host}\r\n" in head


def test_a_body_can_be_posted(server):
    url = server.url("/hook", lambda peer: peer.answer(b"", "204 No Content"))

    answer = fetch(url, method="POST", body=b"{}", headers={"X-Signed": "1"}, max_bytes=10)

    assert answer == Answer(204, b"")
    assert b"X-Signed: 1\r\n" in server.requests[0]


def test_another_status_is_an_answer_too(server):
    url = server.url("/gone", lambda peer: peer.answer(b"no", "404 Not Found"))

    assert fetch(url, max_bytes=1000).status == 404


def test_a_redirect_is_not_followed(server):
    inner = server.url("/inner", lambda peer: peer.answer(b"secret"))
    url = server.url("/out", lambda peer: peer.answer(b"", "302 Found", f"Location: {inner}"))

    assert code_of(url) == "redirected"
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [standin.never, standin.drip, standin.drip_headers])
def test_whoever_is_slow_is_left_at_the_deadline_also_if_bytes_drip(server, hasty, answer):
    assert code_of(server.url("/slow", answer)) == "too_slow"


def test_what_is_too_large_is_not_read_to_its_end(server):
    said = server.url("/said", lambda peer: peer.answer(b"x" * 1001))
    unsaid = server.url("/unsaid", standin.endless)
    fits = server.url("/fits", lambda peer: peer.answer(b"x" * 1000))

    assert code_of(said) == "too_large"
    assert code_of(unsaid) == "too_large"
    assert fetch(fits, max_bytes=1000).body == b"x" * 1000


def test_a_body_that_is_cut_off_is_no_answer(server):
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nBEGIN"

    assert code_of(server.url("/cut", lambda peer: peer.send(cut))) == "not_understood"


def test_noise_is_no_answer(server):
    assert code_of(server.url("/noise", standin.noise)) == "not_understood"


def test_a_port_at_which_nobody_listens_is_unreachable(settings):
    with socket.create_server(("127.0.0.1", 0)) as closing:
        host = f"127.0.0.1:{closing.getsockname()[1]}"
    settings.LEADDISTRIB = {"INTERNAL_HOSTS": (host,)}

    assert code_of(f"http://{host}/") == "unreachable"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://calendar.example/a.ics", "not_https"),
        ("ftp://calendar.example/a.ics", "not_https"),
        ("file:///etc/passwd", "host_not_allowed"),
        ("https:///a.ics", "host_not_allowed"),
        ("https://amina:secret@calendar.example/a.ics", "host_not_allowed"),
        ("https://calendar.example:99999/", "host_not_allowed"),
        ("https://[::1/", "host_not_allowed"),
        ("", "host_not_allowed"),
    ],
)
def test_an_address_is_https_with_a_host_and_nothing_else(url, code):
    with pytest.raises(NotFetched) as refused:
        check_address(url)
    assert refused.value.code == code


def test_a_list_of_hosts_leaves_no_others():
    hosts = ("calendar.google.com", ".office365.com")
    for url in ("https://Calendar.Google.com/a.ics", "https://outlook.office365.com/b.ics"):
        assert check_address(url, hosts=hosts)
    for url in ("https://evil.example/", "https://xoffice365.com/", "https://google.com/"):
        with pytest.raises(NotFetched) as refused:
            check_address(url, hosts=hosts)
        assert refused.value.code == "host_not_allowed"


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_however_it_is_written(address):
    host = f"[{address}]" if ":" in address else address

    assert not is_public(ip_address(address))
    with pytest.raises(NotFetched) as refused:
        check_address(f"https://{host}/")
    assert refused.value.code == "address_not_allowed"


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1"])
def test_an_address_in_disguise_is_refused_when_it_is_asked(host, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", _nobody_connects)

    assert code_of(f"https://{host}/") == "address_not_allowed"


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_address_is_refused(address, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", _resolves_to(["93.184.215.14", address]))
    monkeypatch.setattr(socket, "create_connection", _nobody_connects)

    assert code_of("https://calendar.example/a.ics") == "address_not_allowed"


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_asked(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", METADATA)
def test_where_clouds_keep_their_keys_is_refused_whatever_the_settings_say(address, settings):
    settings.LEADDISTRIB = {"INTERNAL_HOSTS": (address, "10.1.2.3", "fd00::1")}

    assert check_address("http://10.1.2.3/a.ics")
    assert check_address("http://[fd00::1]/a.ics")
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotFetched):
        check_address(f"http://{host}/latest/meta-data/")


def test_the_name_is_looked_up_once_and_what_was_looked_at_is_asked(monkeypatch):
    """A name that changes its answer after the check gains nothing."""
    lookups, asked = [], []

    def changing(host, port, *args, **kwargs):
        lookups.append(host)
        return _found(["93.184.215.14"] if len(lookups) == 1 else ["127.0.0.1"], port)

    def connect(address, timeout):
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    monkeypatch.setattr(socket, "create_connection", connect)

    assert code_of("https://calendar.example/a.ics") == "unreachable"
    assert lookups == ["calendar.example"]
    assert asked == [("93.184.215.14", 443)]


@pytest.mark.parametrize(
    ("name", "trusted"), [("calendar.example", True), ("other.example", False)]
)
def test_the_certificate_must_be_the_names(name, trusted, monkeypatch, settings, tmp_path):
    settings.LEADDISTRIB = {"INTERNAL_HOSTS": ("calendar.example", "other.example")}
    certificate = _certificate("calendar.example", tmp_path)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(fetching, "_trusted", lambda turn: trusting)
    with standin.standing_in(server_side) as server:
        server.answers["/a.ics"] = lambda peer: peer.answer(b"BEGIN")
        monkeypatch.setattr(socket, "getaddrinfo", _resolves_to(["127.0.0.1"]))
        url = f"https://{name}:{server.port}/a.ics"
        if trusted:
            assert fetch(url, max_bytes=10) == Answer(200, b"BEGIN")
        else:
            assert code_of(url) == "unreachable"


def test_the_systems_certificates_are_read_once_for_many_requests(monkeypatch):
    """Reading them takes longer than a request: fifty phones would wait for each other."""
    read = []

    def create_default_context():
        read.append(1)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    monkeypatch.setattr(ssl, "create_default_context", create_default_context)
    fetching._trusted.cache_clear()

    contexts = {fetching._trusted(turn) for turn in (1, 1, 1)}
    assert (len(read), len(contexts)) == (1, 1)
    fetching._trusted(2)
    assert len(read) == 2
    fetching._trusted.cache_clear()


def _nobody_connects(*args, **kwargs):
    pytest.fail("Somebody was asked.")


def _found(addresses, port):
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]


def _resolves_to(addresses):
    real = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        if host.endswith(".example"):
            return _found(addresses, port)
        return real(host, port, *args, **kwargs)

    return resolve


def _certificate(name, folder):
    """A key and a certificate that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path
