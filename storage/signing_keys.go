package storage

import (
	"context"

	"gorm.io/gorm"

	"gatehouse"
)

type signingKeyRow struct {
	ID               string `gorm:"primaryKey"`
	Algorithm        string
	Number           int64
	PublicKey        string
	SealedPrivateKey string
	CreateAt         int64
	SignFrom         int64
	ExpiresAt        int64
}

func (signingKeyRow) TableName() string { return "signing_keys" }

func newSigningKeyRow(k gatehouse.SigningKey) signingKeyRow {
	return signingKeyRow{
		ID: text(k.ID), Algorithm: text(k.Algorithm), Number: k.Number, PublicKey: text(k.PublicKey), SealedPrivateKey: text(k.SealedPrivateKey),
		CreateAt: millis(k.CreateAt), SignFrom: millis(k.SignFrom), ExpiresAt: millis(k.ExpiresAt),
	}
}

func (r signingKeyRow) key() gatehouse.SigningKey {
	return gatehouse.SigningKey{
		ID: r.ID, Algorithm: r.Algorithm, Number: r.Number, PublicKey: r.PublicKey, SealedPrivateKey: r.SealedPrivateKey,
		CreateAt: fromMillis(r.CreateAt), SignFrom: fromMillis(r.SignFrom), ExpiresAt: fromMillis(r.ExpiresAt),
	}
}

// SigningKeys returns all signing keys, by algorithm and number. They are not cached.
func (s *Store) SigningKeys(ctx context.Context) ([]gatehouse.SigningKey, error) {
	var rows []signingKeyRow
	if err := s.read(ctx).Order("algorithm, number").Find(&rows).Error; err != nil {
		return nil, s.fail("get signing keys", err)
	}
	keys := make([]gatehouse.SigningKey, 0, len(rows))
	for _, r := range rows {
		keys = append(keys, r.key())
	}
	return keys, nil
}

// ChangeSigningKeys adds, changes and removes signing keys, all or none. It returns
// ErrConflict if a key with the same algorithm and number exists, if a changed key is no
// longer as it was before the change, or if a removed key does not exist.
func (s *Store) ChangeSigningKeys(ctx context.Context, added []gatehouse.SigningKey, changed []gatehouse.SigningKeyChange, removed []string) error {
	err := s.transact(ctx, func(tx *gorm.DB) error {
		// The rows are added first: a second transaction that adds the same numbers waits
		// here for the first one, and holds no lock that the first one needs.
		if len(added) > 0 {
			var rows []signingKeyRow
			for _, k := range added {
				rows = append(rows, newSigningKeyRow(k))
			}
			if err := tx.Create(&rows).Error; err != nil {
				return err
			}
		}
		for _, c := range changed {
			before, after := newSigningKeyRow(c.Before), newSigningKeyRow(c.After)
			result := tx.Exec("UPDATE signing_keys SET sealed_private_key = ?, sign_from = ?, expires_at = ? WHERE id = ? AND sealed_private_key = ? AND sign_from = ? AND expires_at = ?",
				after.SealedPrivateKey, after.SignFrom, after.ExpiresAt, before.ID, before.SealedPrivateKey, before.SignFrom, before.ExpiresAt)
			if err := changedOne(result); err != nil {
				return err
			}
		}
		for _, id := range removed {
			if err := changedOne(tx.Exec("DELETE FROM signing_keys WHERE id = ?", id)); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail("change signing keys", err)
}

// changedOne returns ErrConflict if the statement changed no row.
func changedOne(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return gatehouse.ErrConflict
	}
	return result.Error
}
