"""Import ids of Docker objects: the ids that Docker assigns. The daemon lists its objects, so no search is needed.

Images, certificates and certificate requests can be created again without harm. Volumes are identified by name.
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
