#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# lent.sh: the variables that say how this machine reaches packages, each as NAME NUL VALUE NUL.

env --null | while IFS= read -r -d '' entry; do
	case $entry in
	http_proxy=* | https_proxy=* | no_proxy=* | HTTP_PROXY=* | HTTPS_PROXY=* | NO_PROXY=* | \
		SSL_CERT_FILE=* | SSL_CERT_DIR=* | CURL_CA_BUNDLE=* | REQUESTS_CA_BUNDLE=* | \
		NODE_EXTRA_CA_CERTS=* | GIT_SSL_CAINFO=* | PIP_*=* | npm_config_*=* | NPM_CONFIG_*=* | \
		GOPROXY=* | GOSUMDB=* | GONOSUMDB=* | GONOSUMCHECK=* | GOPRIVATE=* | GONOPROXY=* | \
		GOINSECURE=* | GOFLAGS=* | GOTOOLCHAIN=*)
		printf '%s\0%s\0' "${entry%%=*}" "${entry#*=}"
		;;
	esac
done
