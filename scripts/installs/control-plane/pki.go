package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

const validity = 7 * 24 * time.Hour

// newPKICommand writes the certificates and keys of one run. Every `name.crt` has its `name.key` beside it.
func newPKICommand() *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:           "pki",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(*cobra.Command, []string) error {
			return writePKI(dir)
		},
	}
	command.Flags().StringVar(&dir, "dir", "", "folder of the certificates and keys")
	return command
}

func writePKI(dir string) error {
	ca, err := newAuthority(dir, "ca")
	if err != nil {
		return err
	}
	// An authority of its own: with the cluster's, any client certificate would pass for the front proxy's.
	frontProxyCA, err := newAuthority(dir, "front-proxy-ca")
	if err != nil {
		return err
	}
	leaves := []struct {
		authority *authority
		name      string
		subject   pkix.Name
		serving   bool
	}{
		{ca, "serving", pkix.Name{CommonName: "control-plane"}, true},
		{ca, "admin", pkix.Name{CommonName: "kubernetes-admin", Organization: []string{"system:masters"}}, false},
		{ca, "kube-controller-manager", pkix.Name{CommonName: "system:kube-controller-manager"}, false},
		{ca, "kube-scheduler", pkix.Name{CommonName: "system:kube-scheduler"}, false},
		{frontProxyCA, "front-proxy-client", pkix.Name{CommonName: "front-proxy-client"}, false},
	}
	for _, leaf := range leaves {
		if err := leaf.authority.issue(dir, leaf.name, leaf.subject, leaf.serving); err != nil {
			return err
		}
	}
	return writeServiceAccountKeys(dir)
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(dir, name string) (*authority, error) {
	key, err := newKey(dir, name)
	if err != nil {
		return nil, err
	}
	template, err := newTemplate(pkix.Name{CommonName: name})
	if err != nil {
		return nil, err
	}
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{certificate, key}, writePEM(dir, name+".crt", "CERTIFICATE", der)
}

func (a *authority) issue(dir, name string, subject pkix.Name, serving bool) error {
	key, err := newKey(dir, name)
	if err != nil {
		return err
	}
	template, err := newTemplate(subject)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if serving {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.IPAddresses = []net.IP{net.ParseIP("127.0.0.1"), net.ParseIP("10.96.0.1")}
		template.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	return writePEM(dir, name+".crt", "CERTIFICATE", der)
}

func newTemplate(subject pkix.Name) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(validity),
		BasicConstraintsValid: true,
	}, nil
}

func newKey(dir, name string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(dir, name+".key", "EC PRIVATE KEY", der)
}

func writeServiceAccountKeys(dir string) error {
	key, err := newKey(dir, "service-accounts")
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	return writePEM(dir, "service-accounts.pub", "PUBLIC KEY", der)
}

func writePEM(dir, name, kind string, der []byte) error {
	block := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(dir, name), block, 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}
	return nil
}
