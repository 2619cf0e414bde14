#!/bin/sh
# Provides etcd and kube-apiserver for tests, in a folder as KUBEBUILDER_ASSETS names one:
#   provide.sh FOLDER
# On Debian, with packages of Debian 12: etcd as it is, kube-apiserver 1.20 built from Debian's source package with Debian's Go.
# Packages are only unpacked, beside FOLDER, so nothing of the machine changes and nobody has to be root. It takes some
# five minutes and 2 GB, of which 150 MB stay. Ends with 3 and one line of reason where it cannot be done.
set -eu

cannot() {
    echo "$1" >&2
    exit 3
}

assets=$1
[ -x "$assets/etcd" ] && [ -x "$assets/kube-apiserver" ] && exit 0
for program in apt-get dpkg-deb dpkg tar; do
    command -v "$program" >/dev/null || cannot "this is no Debian: there is no $program"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || cannot "this is no Debian: there is no $keyring"

mkdir -p "$assets"
assets=$(cd "$assets" && pwd)
work=$assets.work
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$work/root"
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

# The machine's own mirror of Debian, where it names one.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
    sed -n 's#^[^\#]*[ \t]\(https*://[^ \t]*/debian\)/*\([ \t].*\)*$#\1#p' | head -n 1)
echo "deb [signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} bookworm main
deb-src [signed-by=$keyring] ${mirror:-http://deb.debian.org/debian} bookworm main" >"$work/sources.list"
apt() {
    apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::lists="$work/lists" \
        -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}
apt update || cannot "Debian's packages cannot be reached"

cd "$work/packages"
apt download etcd-server golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev || cannot "Debian's packages cannot be downloaded"
for package in *.deb; do
    dpkg-deb -x "$package" "$work/root"
done
if ! [ -x "$assets/etcd" ]; then
    cp "$work/root/usr/bin/etcd" "$assets/etcd.new"
    mv "$assets/etcd.new" "$assets/etcd"
fi

apt source --download-only kubernetes || cannot "Debian's source package of kubernetes cannot be downloaded"
tree=$work/go/src/k8s.io/kubernetes
mkdir -p "$tree"
tar -C "$tree" --strip-components=1 -xf kubernetes_*.orig.tar.*
cd "$tree"
export GOROOT="$work/root/usr/lib/go-1.19" GOPATH="$work/go" GOCACHE="$work/build" GO111MODULE=off GOFLAGS= CGO_ENABLED=0
go=$GOROOT/bin/go

# The reflect2 that the source holds walks through maps as they were before Go 1.18: with a newer one custom resources with
# labels, and whatever is printed for people, crash the server. Debian has the one that was mended.
rm -rf vendor/github.com/modern-go/reflect2
cp -r "$work/root/usr/share/gocode/src/github.com/modern-go/reflect2" vendor/github.com/modern-go/reflect2

# What the source package leaves to its Makefile: the OpenAPI definitions.
tagged=$(grep -rl --include='*.go' '^// *+k8s:openapi-gen=' pkg cmd staging/src/k8s.io |
    grep -v -e /code-generator/ -e /sample-apiserver/ -e _test.go | xargs -n 1 dirname | LC_ALL=C sort -u |
    sed 's,^staging/src/,vendor/,; s,^,k8s.io/kubernetes/,' | paste -s -d , -)
"$go" build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
"$work/openapi-gen" --logtostderr -i "$tagged" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$work/violations"

versions=
for package in component-base/version client-go/pkg/version; do
    package=k8s.io/kubernetes/vendor/k8s.io/$package
    versions="$versions -X $package.gitVersion=v1.20.2 -X $package.gitMajor=1 -X $package.gitMinor=20"
done
"$go" build -o "$assets/kube-apiserver.new" -ldflags "-s -w$versions" ./cmd/kube-apiserver
mv "$assets/kube-apiserver.new" "$assets/kube-apiserver"
