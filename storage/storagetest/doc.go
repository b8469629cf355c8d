// Package storagetest is the definition of a correct store: what package
// storage promises, run against a database of each engine.
//
//	func TestStore(t *testing.T) {
//		for _, engine := range testdb.Engines() {
//			t.Run(engine.Name, func(t *testing.T) { storagetest.Run(t, engine.URL) })
//		}
//	}
//
// Races are run with two stores on one database, as two nodes would have them.
// It also makes users, apps and grants for the tests of other packages.
//
// It knows the tables only where it has to look behind the store's back.
package storagetest
