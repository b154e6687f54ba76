"""How Docker tells objects: by the ids it draws, which import them. No search is asked: the machine lists them itself.

Images, certificates and requests are made a second time without harm; a volume is known by its name alone.
"""

from providers.contract.import_ids import ImportRule, ImportTable

IMPORT_TABLE = ImportTable(
    rows=(
        ImportRule("docker:index/container:Container", "{id}"),
        ImportRule("docker:index/network:Network", "{id}"),
        ImportRule("docker:index/volume:Volume", "{name}"),
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
