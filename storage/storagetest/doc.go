// Package storagetest defines a correct store: its cases test the documented behavior of
// package storage on a database of each engine.
//
//	func TestStore(t *testing.T) {
//		for _, engine := range testdb.Engines() {
//			t.Run(engine.Name, func(t *testing.T) { storagetest.Run(t, engine.URL) })
//		}
//	}
//
// Races run with two stores on one database, as with two nodes. The package also makes
// users, apps and grants for the tests of other packages.
//
// It reads the tables itself only where the store has no method for that.
package storagetest
