"""How Docker tells objects: by the ids it draws, which import them. No search is asked: the machine lists them itself.

Images, certificates and requests are made a second time without harm; a volume is known by its name alone.
"""

from providers.contract.import_ids import Findable, Row

FINDABLE = Findable(
    rows=(
        Row("docker:index/container:Container", "{id}"),
        Row("docker:index/network:Network", "{id}"),
        Row("docker:index/volume:Volume", "{name}"),
    ),
    again=frozenset(
        {
            "docker:index/remoteImage:RemoteImage",
            "tls:index/certRequest:CertRequest",
            "tls:index/locallySignedCert:LocallySignedCert",
            "tls:index/privateKey:PrivateKey",
            "tls:index/selfSignedCert:SelfSignedCert",
        }
    ),
)
