package storage_test

import (
	"testing"

	"gatehouse/storage/storagetest"
	"gatehouse/test/testdb"
)

func TestStore(t *testing.T) {
	for _, engine := range testdb.Engines() {
		t.Run(engine.Name, func(t *testing.T) { storagetest.Run(t, engine.URL) })
	}
}
