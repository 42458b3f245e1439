// etcd with its data in the folder that the first argument names, on loopback alone.
package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "error: one argument is expected: the data folder")
		os.Exit(2)
	}
	config := embed.NewConfig()
	config.Dir = os.Args[1]
	config.LogLevel = "warn"
	// What a test's cluster holds need not survive a power cut.
	config.UnsafeNoFsync = true
	config.QuotaBackendBytes = 4 << 30
	client := []url.URL{{Scheme: "http", Host: "127.0.0.1:2379"}}
	peer := []url.URL{{Scheme: "http", Host: "127.0.0.1:2380"}}
	config.ListenClientUrls, config.AdvertiseClientUrls = client, client
	config.ListenPeerUrls, config.AdvertisePeerUrls = peer, peer
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		server.Close()
	case err := <-server.Err():
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
