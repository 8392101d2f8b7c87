"""What is handed to a push service is what the standard says, bit for bit (RFC 8291)."""

from cryptography.hazmat.primitives.asymmetric import ec

from leaddistrib.notify.push.device import Device, encrypted
from leaddistrib.notify.push.keys import CURVE, decoded, encoded

# RFC 8291, appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def test_the_example_of_the_standard_comes_out_as_printed_there():
    phone = Device(1, "https://push.example/1", decoded(THEIRS), decoded(AUTH))
    own = ec.derive_private_key(int.from_bytes(decoded(OURS), "big"), CURVE)

    assert encoded(encrypted(phone, PLAINTEXT, own, decoded(SALT))) == SEALED
