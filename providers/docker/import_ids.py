"""Import ids of Docker objects: the ids that Docker assigns. The daemon lists containers, networks and volumes by label.

An address is `<kind>/<name>/<id>`, in which both are the name of a volume. Images, certificates and certificate requests can be
created again without harm.
"""

from providers.contract.import_ids import ImportRule, ImportTable

IMPORT_TABLE = ImportTable(
    rows=(
        ImportRule("docker:index/container:Container", "{id}", "container/{name}/{id}", name="name"),
        ImportRule("docker:index/network:Network", "{id}", "network/{name}/{id}", name="name"),
        ImportRule("docker:index/volume:Volume", "{name}", "volume/{name}/{id}"),
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
